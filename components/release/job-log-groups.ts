/** Where SageMaker writes what jobs of each kind log; one group of each for a whole account. */
export const jobLogGroups = {
  processing: "/aws/sagemaker/ProcessingJobs",
  training: "/aws/sagemaker/TrainingJobs",
  transform: "/aws/sagemaker/TransformJobs",
};
